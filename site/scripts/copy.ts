/** Shows a button beside every block that is made to be copied; without JavaScript the text can be selected. */
for (const block of document.querySelectorAll<HTMLElement>('[data-copy]')) {
  const button = block.querySelector('button');
  const source = block.querySelector('pre');
  const status = block.querySelector('[role="status"]');
  if (button === null || source === null || status === null || !('clipboard' in navigator)) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent ?? '');
      status.textContent = 'Copied';
    } catch {
      status.textContent = 'Not copied: the browser refused';
    }
  });
}
